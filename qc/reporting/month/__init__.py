"""The report of a month (月报): what each night adds to it is worked out once and kept; the page only adds up."""
