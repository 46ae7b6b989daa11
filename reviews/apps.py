from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy as _


class ReviewsConfig(AppConfig):
    name = "reviews"
    verbose_name = _("Review")

    def ready(self) -> None:
        from reviews.domain import assistants

        for model in (self.get_model("Assistant"), self.get_model("Category")):
            post_save.connect(assistants.forget_rows, sender=model)
            post_delete.connect(assistants.forget_rows, sender=model)
