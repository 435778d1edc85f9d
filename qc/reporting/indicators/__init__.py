"""绩效指标: the indicators of customer service that stored tables support, each measured from one column per
conversation (`facts`), and for those that cannot be measured, what is missing."""
