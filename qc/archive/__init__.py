"""Many runs over the years: one data set by date and project, what is kept how long, what was removed."""
