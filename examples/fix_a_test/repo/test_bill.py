"""Tests of the bill."""

import unittest

from bill import split


class SplitTest(unittest.TestCase):
    """What a fair bill is."""

    def test_an_even_bill(self):
        self.assertEqual(split(900, 3), [300, 300, 300])

    def test_nothing_is_lost(self):
        for guests in range(1, 9):
            self.assertEqual(sum(split(1000, guests)), 1000)

    def test_nobody_pays_a_cent_more_than_another(self):
        for guests in range(1, 9):
            shares = split(1000, guests)
            self.assertLessEqual(max(shares) - min(shares), 1)


if __name__ == "__main__":
    unittest.main()
