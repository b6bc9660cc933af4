"""Is the tuned network better?"""
