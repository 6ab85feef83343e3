"""Checks manifests against the schemas of Kubernetes and of the Prometheus operator. Silent when all is well."""
import argparse
import subprocess
import sys
import tempfile

import jsonschema
import kubernetes_validate
import yaml

# Where native sidecars are on by default, and where they are stable.
VERSIONS = ["1.29", "1.33"]


def strict(schema):
    """A model's schema, in which a property that it does not name is an error, as the API server's pruning would hide it."""
    for model in [schema, *schema.get("$defs", {}).values()]:
        if "properties" in model:
            model.setdefault("additionalProperties", False)
    return schema


def mistakes(document):
    if not isinstance(document, dict) or not document.get("kind"):
        yield "no object with a kind"
    elif document["kind"] == "PodMonitor":
        from cloudcoil.models.prometheus_operator.v1 import PodMonitor

        for error in jsonschema.Draft202012Validator(strict(PodMonitor.model_json_schema())).iter_errors(document):
            yield f"{error.json_path}: {error.message}"
    else:
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"Kubernetes {version}: {'.'.join(map(str, error.path))}: {error.message}"


def wrong_settings(binary, path, document, settings):
    """What the ambassador itself says of the configurations: of a ConfigMap's, and of the settings in a container's environment."""
    environment = {}
    if document["kind"] == "ConfigMap":
        settings = document["data"]["redis-amb.yaml"]
    elif document["kind"] == "Deployment":
        pod = document["spec"]["template"]["spec"]
        for container in pod.get("initContainers", []) + pod["containers"]:
            environment |= {variable["name"]: variable["value"] for variable in container.get("env", [])}
    else:
        return
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(settings)
        file.flush()
        checked = subprocess.run([binary, "check", "--config", file.name], env=environment, capture_output=True, text=True)
    if checked.returncode != 0:
        yield checked.stdout + checked.stderr


arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("--binary", help="checks the configurations in the manifests with this redis-amb")
arguments.add_argument("files", nargs="+")
options = arguments.parse_args()

documents = []
for path in options.files:
    with open(path) as file:
        documents += [(path, document) for document in yaml.safe_load_all(file)]
# The Deployments take the ConfigMap that stands beside them.
common = [document["data"]["redis-amb.yaml"] for path, document in documents if path.endswith("/configmap.yaml")]

failed = False
for path, document in documents:
    found = list(mistakes(document))
    if options.binary and not found:
        found += wrong_settings(options.binary, path, document, common[0] if common else "")
    for mistake in found:
        failed = True
        print(f"{path}: {mistake}")
sys.exit(1 if failed else 0)
