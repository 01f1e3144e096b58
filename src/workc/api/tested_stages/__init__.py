"""Whether the stages that a bundle names had reports by which they are verified.

Nothing here is part of the verdict on a bundle: what a report says is for whoever made it to answer for.
"""
