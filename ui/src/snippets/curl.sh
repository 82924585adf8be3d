hex() { od -An -tx1 -N"$1" /dev/urandom | tr -d ' \n'; }
now=$(date +%s)
curl {{endpoint}}/v1/traces -H 'content-type: application/json' -d '{
  "resourceSpans": [{
    "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": "hello" } }] },
    "scopeSpans": [{ "spans": [{
      "traceId": "'"$(hex 16)"'", "spanId": "'"$(hex 8)"'", "name": "greet", "kind": 1,
      "startTimeUnixNano": "'"$((now - 1))"'000000000", "endTimeUnixNano": "'"$now"'000000000"
    }] }]
  }]
}'
