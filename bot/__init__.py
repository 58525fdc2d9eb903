"""Herald: a chat bot that explains Meta's release of Llama 2 from its sources, with verified citations."""
