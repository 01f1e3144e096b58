"""Sections 5, 6 and 14: declared effects, their spelling, and what they cover."""

from attacks.attack import receipt, sealed

ITEMS = "net:http://93.184.216.34/items"


def _words(operator):
    return sealed(operator, "BUNDLE_MALFORMED", "events", "bounded")


def _flow(operator):
    return sealed(operator, "FSM_ILLEGAL_TRANSITION", "table", "bounded")


def _bounds(operator):
    return sealed(operator, "EFFECT_BOUNDS_EXCEEDED", "policy", "bounded")


def _declare(d, *effects):
    """Declares effects, as pairs, with a compression that counts them."""
    plan = d.payload("PlanChosen")
    plan["effects"] = [{"op": op, "selector": selector} for op, selector in effects]
    plan["compression"].update(input_count=100, output_count=len(effects))


@_words("grow")
def declared_effects_of_51(d):
    _declare(d, *(("Exec", f"exec:{number:02}") for number in range(50)), ("Network", ITEMS))


@_words("move")
def declared_effects_out_of_order(d):
    d.payload("PlanChosen")["effects"].reverse()


@_words("repeat")
def a_declared_effect_twice(d):
    effects = d.payload("PlanChosen")["effects"]
    _declare(d, *((e["op"], e["selector"]) for e in [effects[0], *effects]))


MISSPELT = {
    "of_another_op": ("ReadFS", "exec:x"),
    "that_leads_upwards": ("ReadFS", "fs:a/../b"),
    "that_leads_upwards_behind_a_backslash": ("ReadFS", "fs:a\\.."),
    "with_an_empty_segment": ("WriteFS", "fs:a//b"),
    "with_a_dot": ("WriteFS", "fs:./a"),
    "with_a_host_in_capitals": ("Network", "net:http://A/items"),
    "with_a_port_that_goes_without_saying": ("Network", "net:http://a:80/items"),
    "with_a_query": ("Network", "net:http://a/items?b"),
    "with_a_user": ("Network", "net:http://u@a/items"),
    "with_hidden_dots": ("Network", "net:http://a/%2e%2E/items"),
    "with_a_slash_at_its_end": ("Network", "net:http://a/items/"),
    "without_a_path": ("Network", "net:http://a"),
    "of_nothing": ("Exec", "exec:"),
    "with_a_control": ("Publish", "pub:a\n"),
}


def _declared(name, op, selector):
    def edit(d):
        found = {("Network", ITEMS), (op, selector)}
        _declare(d, *sorted(found))

    edit.__name__ = f"a_declared_effect_{name}"
    _words("respell")(edit)


def _asked(name, op, selector):
    def edit(d):
        # Declared is all that could cover it, were it spelled otherwise.
        _declare(d, ("Network", "net:http://a/"), ("ReadFS", "fs:/"), ("WriteFS", "fs:/"))
        d.payload("EffectAsked")["effect"] = {"op": op, "selector": selector}

    edit.__name__ = f"an_effect_{name}"
    sealed("respell", "BUNDLE_MALFORMED", "events", "bounded", project=False)(edit)


for _name, (_op, _selector) in MISSPELT.items():
    _declared(_name, _op, _selector)
    _asked(_name, _op, _selector)


@sealed("foreign", "BUNDLE_MALFORMED", "events", "bounded", project=False)
def an_effect_with_a_space_in_its_host(d):
    _declare(d, ("Network", "net:http://a/"))
    d.payload("EffectAsked")["effect"]["selector"] = "net:http://a\u3000/items"


@_words("grow")
def a_compression_of_fewer_effects_than_before(d):
    d.payload("PlanChosen")["compression"]["input_count"] = 2


@_words("set")
def a_compression_of_another_number(d):
    d.payload("PlanChosen")["compression"]["output_count"] = 2


@_words("add")
def a_compression_of_nothing_declared(d):
    del d.payload("PlanChosen")["effects"]
    d.payload("PlanChosen")["compression"].update(input_count=0, output_count=0)
    del d.payload("EffectAsked")["effect"]


@_flow("remove")
def an_effect_that_is_not_named(d):
    del d.payload("EffectAsked")["effect"]


@_flow("add")
def an_effect_that_is_named_and_nothing_declared(d):
    for name in ("effects", "compression"):
        del d.payload("PlanChosen")[name]


@_bounds("remove")
def an_effect_that_is_not_declared_any_more(d):
    _declare(d)


@_bounds("set")
def an_effect_of_another_host(d):
    d.payload("EffectAsked")["effect"]["selector"] = "net:http://93.184.216.35/items"


@_bounds("grow")
def an_effect_beside_the_declared_one(d):
    d.payload("EffectAsked")["effect"]["selector"] += "2"


@_bounds("shrink")
def an_effect_above_the_declared_one(d):
    d.payload("EffectAsked")["effect"]["selector"] = "net:http://93.184.216.34/"


@_bounds("set")
def an_effect_of_an_op_that_is_not_declared(d):
    d.payload("EffectAsked")["effect"] = {"op": "WriteFS", "selector": "fs:in/a"}


@_bounds("grow")
def a_program_below_a_declared_one(d):
    _declare(d, ("Exec", "exec:a/"))
    d.payload("EffectAsked")["effect"] = {"op": "Exec", "selector": "exec:a/b"}


@receipt("remove", "bounded")
def declared_effects_left_out_of_the_receipt(d):
    del d.receipt["effects"]


@receipt("add", "bounded")
def an_effect_more_in_the_receipt(d):
    d.receipt["effects"].append({"op": "WriteFS", "selector": "fs:z"})


def _of_gate(operator, code, step, *, project=True):
    return sealed(operator, code, step, "commanded", project=project)


def _probe(d):
    return d.payload("GateEvaluated")


@_of_gate("remove", "FSM_ILLEGAL_TRANSITION", "table")
def a_program_of_a_gate_that_is_not_named(d):
    del _probe(d)["effect"]


@_of_gate("add", "FSM_ILLEGAL_TRANSITION", "table")
def a_program_of_a_gate_that_is_named_and_nothing_declared(d):
    del d.payload("PlanChosen")["effects"]


@_of_gate("set", "EFFECT_BOUNDS_EXCEEDED", "policy")
def a_program_of_a_gate_that_is_not_declared(d):
    _probe(d)["effect"]["selector"] = "exec:rm"


@_of_gate("remove", "EFFECT_BOUNDS_EXCEEDED", "policy")
def a_program_of_a_gate_that_is_not_declared_any_more(d):
    plan = d.payload("PlanChosen")
    plan["effects"] = [each for each in plan["effects"] if each["selector"] != "exec:make"]


@_of_gate("set", "BUNDLE_MALFORMED", "events")
def a_gate_that_has_another_effect_than_a_program(d):
    effect = {"op": "Publish", "selector": "pub:x"}
    _probe(d)["effect"] = effect
    d.payload("PlanChosen")["effects"].append(effect)


@_of_gate("respell", "BUNDLE_MALFORMED", "events", project=False)
def a_program_of_a_gate_with_a_control_in_its_name(d):
    _probe(d)["effect"]["selector"] += "\n"


@sealed("add", "BUNDLE_MALFORMED", "events", "gates_failed", project=False)
def an_effect_of_a_gate_that_runs_nothing(d):
    _probe(d)["effect"] = {"op": "Exec", "selector": "exec:x"}
