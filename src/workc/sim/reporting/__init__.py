"""Reports of tests in the forms that others read: JUnit, CTRF, annotations of GitHub, a page.

Each is a function of a :class:`workc.sim.report.TestReport`: it returns text or JSON, and somebody
else writes it. Whatever a report holds, it stands in its place as text: what cannot be printed is
written out, and nothing in it is taken for a part of the form.
"""
