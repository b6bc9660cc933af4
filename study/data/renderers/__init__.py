"""Line images drawn in many ways, as other people's programs draw them.

`strokes` says where lines are, `pens` how they are drawn and `finishes` what becomes of them
afterwards; `varied_lines` draws at random in all these ways. All is elementwise arithmetic that
every processor rounds alike, and JPEG, so that a seed gives the same images everywhere.
"""
