"""Pictures that explain: who is where, who speaks when, what the model located."""
