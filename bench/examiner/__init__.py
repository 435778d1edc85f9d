"""An independent examiner's set for the privacy bench: personal data as Chinese service talk says it.

Written from the list of kinds alone by somebody who had not read the recognisers, the older planted sets or the
tests, and frozen before its first run. A datum counts as hidden when every letter, figure and Chinese character of
all its pieces lies in a masked span and enough of them are gone from the masked text (a name: one, else three); an
innocent figure counts as masked when any of its characters lies in such a span.
"""
