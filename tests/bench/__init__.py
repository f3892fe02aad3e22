"""Measures what the edge costs: processor time per unit of work, beside HAProxy in the same run.

Times differ from machine to machine and from minute to minute; the ratio of two programs that did
the same work in one run does not. So every figure is the time a program itself spent (user and
system, from /proc), and `x` is HAProxy's divided by the edge's: above 1 means cheaper.
"""
