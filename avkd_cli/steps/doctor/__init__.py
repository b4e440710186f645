"""`avkd doctor`: is this machine, and what is installed on it, fit for avkd?"""
