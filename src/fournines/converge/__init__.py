"""Desired state -> plan -> apply.

resources.py steps.py    what is wanted, as plain data
base.py deploy.py        a cloud -> stages
look.py plan.py          stages + hosts -> differences
apply.py rollout.py      remove them: write everywhere, then stage by stage, one member at a time
agent/ transport.py      what runs on a host, and the way to it
inspect.py               how a cloud is now
"""
