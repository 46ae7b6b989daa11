from django.apps import AppConfig


class FeedbackHubConfig(AppConfig):
    name = "feedbackhub"
