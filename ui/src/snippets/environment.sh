export OTEL_EXPORTER_OTLP_ENDPOINT={{endpoint}}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_SERVICE_NAME=hello
