"""The demo: the real edge, a local CA and a stand-in mail server, and a display of what passes.

`run.py` runs it. The edge is the real `stalwart-edge run` process with a written-out edge.toml;
the stand-in (`standin/`) is a process of its own. What one says of a connection (records on
standard error) and what the other received (the PROXY header) meet in `journal.py` by the
connection's id, which is the header's UNIQUE_ID, and `text_view.py` or `json_view.py` shows them.
"""
