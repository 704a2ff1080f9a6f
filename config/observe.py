"""The app that Flower and `celery inspect` look through: it knows the queues and runs nothing."""

from config.app import app_from_environment

app = app_from_environment()
