# Checks OCSF events (one a line on standard input) against the published schema of OCSF 1.8.0, as
# the PyPI package ocsf-json-schema ships it; prints one line for each fault.
import json
import sys

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

schema = OcsfJsonSchemaEmbedded(get_ocsf_schema("1.8.0"))
validators = {}
count = 0
for line in sys.stdin:
    event = json.loads(line)
    profiles = tuple(event["metadata"].get("profiles", ()))
    key = (event["class_uid"], profiles)
    if key not in validators:
        name = schema.lookup_class_name_from_uid(event["class_uid"])
        validators[key] = Draft202012Validator(schema.get_class_schema(name, list(profiles)))
    for error in validators[key].iter_errors(event):
        kind = event["metadata"].get("event_code")
        print(f"{kind}: {'.'.join(map(str, error.absolute_path))}: {error.message[:300]}")
    count += 1
print(f"{count} checked", file=sys.stderr)
