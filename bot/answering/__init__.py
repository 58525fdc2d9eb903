"""How an answer is made: retrieve, judge, prompt, generate, verify."""
