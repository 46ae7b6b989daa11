import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi import checks
from schemathesis.checks import not_a_server_error
from feedbackhub.wsgi import application

SCHEMA = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
SCHEMA.app = application
CHECKS = [not_a_server_error, checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance, checks.response_headers_conformance, checks.negative_data_rejection, checks.unsupported_method, checks.allow_header_conformance]

@pytest.fixture
def auth(key):
    return {"Authorization": f"Bearer {key[1]}"}

@SCHEMA.parametrize()
@settings(max_examples=25, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
def test_x(case, auth):
    case.call_and_validate(headers=auth, checks=CHECKS)
