"""What a budget allows, said as simply as can be: no running sums, no open and settled."""


class NaiveBudget:
    """Keeps every reservation in all dimensions, and adds them up again each time."""

    def __init__(self, ceiling, tokens, calls):
        self.ceiling, self.tokens, self.calls = ceiling, tokens, calls
        self.kept = []

    def sums(self):
        """Returns what stands reserved, and what is spent."""
        reserved = sum(each["bound"] for each in self.kept if each["actual"] is None)
        return reserved, sum(each["actual"] or 0 for each in self.kept)

    def used_tokens(self):
        return sum(each["tokens"] if each["used"] is None else each["used"] for each in self.kept)

    def made_calls(self):
        return sum(not each["released"] for each in self.kept)

    def refusal(self, bound, terms):
        money = sum(self._cost(each) for each in self.kept)
        step = [
            self._cost(each) for each in self.kept if each["ceiling"] and each["step"] == terms.step
        ]
        if terms.step_ceiling is not None and sum(step) + bound > terms.step_ceiling:
            return "step"
        if money + bound > self.ceiling:
            return "run"
        if self.tokens is not None and self.used_tokens() + terms.tokens > self.tokens:
            return "tokens"
        if self.calls is not None and self.made_calls() >= self.calls:
            return "calls"
        if terms.is_late:
            return "wall"
        too_much = terms.shared_left is not None and bound > terms.shared_left
        return "shared" if too_much else None

    @staticmethod
    def _cost(each):
        return each["bound"] if each["actual"] is None else each["actual"]

    def reserve(self, n, bound, terms):
        refused_by = self.refusal(bound, terms)
        if refused_by is None:
            ceiling = terms.step_ceiling is not None
            kept = {"n": n, "bound": bound, "step": terms.step, "ceiling": ceiling}
            kept |= {"tokens": terms.tokens, "actual": None, "used": None, "released": False}
            self.kept.append(kept)
        return refused_by

    def settle(self, n, actual, tokens, released):
        for each in self.kept:
            if each["n"] == n and each["actual"] is None:
                each |= {"actual": actual, "used": tokens, "released": released}
                return actual <= each["bound"] and (self.tokens is None or tokens <= each["tokens"])
        return None
