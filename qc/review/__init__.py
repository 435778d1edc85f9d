"""People's verdicts on the machine's: samples, reviews, appeals, agreement."""
