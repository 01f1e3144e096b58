"""Section 17: how strategies were weighed, what was suggested, and which one was applied."""

from attacks.attack import malformed, sealed, table


def _strategy(operator, name="strategies"):
    """Adds an edit of what a run says of strategies, the receipt with it."""
    return sealed(operator, "FSM_ILLEGAL_TRANSITION", "table", name)


@_strategy("set")
def a_strategy_that_fits_better_than_is_said(d):
    d.payload("StrategySuggested")["weighed"][1]["weight"] = 0
    d.payload("StrategySuggested", 1)["weighed"][1]["weight"] = 0


@_strategy("grow")
def a_strategy_of_a_higher_threshold(d):
    d.payload("StrategySuggested")["weighed"][0]["threshold"] = 501


@_strategy("remove")
def a_suggestion_that_is_left_out(d):
    d.payload("StrategySuggested")["suggestions"].pop()


@_strategy("move")
def suggestions_in_another_order(d):
    d.payload("StrategySuggested", 1)["suggestions"][1:] = reversed(
        d.payload("StrategySuggested", 1)["suggestions"][1:]
    )


@_strategy("add", "no_strategy")
def a_suggestion_of_a_strategy_that_does_not_fit(d):
    d.payload("StrategySuggested")["suggestions"].append({"id": "never", "permille": 0})


@_strategy("set")
def another_strategy_than_the_best(d):
    d.payload("StrategyApplied").update(id="any", permille=100, version="2")


@_strategy("grow")
def a_strategy_that_is_applied_with_another_match(d):
    d.payload("StrategyApplied")["permille"] = 201


@_strategy("respell")
def a_strategy_of_another_version(d):
    d.payload("StrategyApplied")["version"] = "1.0"


@table("remove", "strategies")
def a_strategy_that_fits_and_is_not_applied(d):
    applied = d.event("StrategyApplied")
    d.events.remove(applied)
    for event in d.events:
        event["at"][0] -= event["at"][0] > applied["at"][0]


@table("add", "no_strategy")
def a_strategy_that_is_applied_and_does_not_fit(d):
    suggested = d.event("StrategySuggested")
    place = d.events.index(suggested)
    for event in d.events[place + 1 :]:
        event["at"][0] += 1
    parameters = {"form": "json", "inline": "{}"}
    payload = {"id": "never", "parameters": parameters, "permille": 0, "version": "1"}
    event = {**suggested, "at": [suggested["at"][0] + 1], "kind": "StrategyApplied"}
    d.events.insert(place + 1, {**event, "payload": payload})


@table("retype", "strategies")
def a_strategy_that_is_applied_without_being_weighed(d):
    applied = d.event("StrategyApplied")
    d.event("StrategySuggested").update(kind="StrategyApplied", payload=applied["payload"])


@malformed("grow", "strategies")
def a_confidence_above_the_whole(d):
    d.payload("StrategySuggested")["weighed"][0]["confidence"] = 1001


@malformed("repeat", "strategies")
def a_strategy_that_is_weighed_twice(d):
    weighed = d.payload("StrategySuggested")["weighed"]
    weighed.append(weighed[0])
