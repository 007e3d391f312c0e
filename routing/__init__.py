"""Skills, agents, queues and the matching of waiting callers to ready agents."""
