trackway import ~/.burr         # what Burr has written so far, once
trackway serve --watch ~/.burr  # the same, and every step from now on while it runs
