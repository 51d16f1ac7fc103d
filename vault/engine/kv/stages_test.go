package kv_test

import (
	"fmt"
	"testing"

	"github.com/stanch-dev/stanch/vault/engine/kv"
	"github.com/stanch-dev/stanch/vault/logical/logicaltest"
)

func stages(current, pending, previous int) string {
	return fmt.Sprintf(`{"current":%d,"pending":%d,"previous":%d}`, current, pending, previous)
}

const writePending = `{"data":{"k":"next"},"options":{"stage":"pending"}}`

var stageSteps = map[string][]step{
	"who knows nothing of them": {
		{"GET stages/a", ``, 404, ``},
		{"POST data/a", `{"data":{"k":1}}`, 200, version(1)},
		{"GET stages/a", ``, 200, stages(1, 0, 0)},
		{"GET data/a?stage=previous", ``, 404, ``},
		{"POST data/a", `{"data":{"k":2},"options":{"stage":"current"}}`, 200, version(2)},
		{"GET stages/a", ``, 200, stages(2, 0, 1)},
		{"GET data/a?stage=previous", ``, 200, read("data", `{"k":1}`, version(1))},
		{"GET data/a?stage=current", ``, 200, read("data", `{"k":2}`, version(2))},
		{"GET data/a?stage=pending", ``, 404, ``},
		{"GET subkeys/a?stage=previous", ``, 200, read("subkeys", `{"k":null}`, version(1))},
	},
	"pending and promoted": {
		{"POST data/a", `{"data":{"k":1}}`, 200, version(1)},
		{"POST data/a", writePending, 200, version(2)},
		{"GET data/a", ``, 200, read("data", `{"k":1}`, version(1))},
		{"GET data/a?stage=pending", ``, 200, read("data", `{"k":"next"}`, version(2))},
		{"GET data/a?version=2", ``, 200, read("data", `{"k":"next"}`, version(2))},
		{"GET stages/a", ``, 200, stages(1, 2, 0)},
		{"POST data/a", writePending, 400, `version 2 is pending: promote it or delete it first`},
		{"POST stages/a", `{"current":2,"cas":2}`, 400, `check-and-set parameter did not match the current version`},
		{"POST stages/a", `{"current":2,"cas":1}`, 200, stages(2, 0, 1)},
		{"POST stages/a", `{"current":2}`, 200, stages(2, 0, 1)},
		{"GET data/a", ``, 200, read("data", `{"k":"next"}`, version(2))},
		{"POST stages/a", `{"current":1}`, 200, stages(1, 0, 2)},
		{"POST data/a", `{"data":{"k":3},"options":{"cas":1}}`, 200, version(3)},
		{"GET stages/a", ``, 200, stages(3, 0, 1)},
	},
	"the first version pending": {
		{"POST data/a", writePending, 200, version(1)},
		{"GET data/a", ``, 404, ``},
		{"GET stages/a", ``, 200, stages(0, 1, 0)},
		{"DELETE data/a", ``, 204, ``},
		{"PATCH data/a", `{"data":{"k":1}}`, 404, ``},
		{"POST stages/a", `{"current":1,"cas":0}`, 200, stages(1, 0, 0)},
		{"GET data/a", ``, 200, read("data", `{"k":"next"}`, version(1))},
	},
	"a plain write in between": {
		{"POST data/a", `{"data":{"k":1}}`, 200, version(1)},
		{"PATCH data/a", `{"data":{"l":2},"options":{"stage":"pending"}}`, 200, version(2)},
		{"PATCH data/a", `{"data":{"m":3}}`, 200, version(3)},
		{"GET data/a", ``, 200, read("data", `{"k":1,"m":3}`, version(3))},
		{"GET stages/a", ``, 200, stages(3, 2, 1)},
		{"POST stages/a", `{"current":2}`, 200, stages(2, 0, 3)},
		{"GET data/a", ``, 200, read("data", `{"k":1,"l":2}`, version(2))},
	},
	"given up": {
		{"POST data/a", `{"data":{}}`, 200, version(1)},
		{"POST data/a", writePending, 200, version(2)},
		{"POST delete/a", `{"versions":[2]}`, 204, ``},
		{"POST stages/a", `{"current":2}`, 400, `version 2 does not exist, or it is deleted or destroyed`},
		{"POST data/a", writePending, 200, version(3)},
		{"POST destroy/a", `{"versions":[3]}`, 204, ``},
		{"POST data/a", writePending, 200, version(4)},
		{"GET stages/a", ``, 200, stages(1, 4, 0)},
	},
	"few versions": {
		{"POST metadata/a", `{"max_versions":1}`, 204, ``},
		{"POST data/a", `{"data":{"k":1}}`, 200, version(1)},
		{"POST data/a", writePending, 200, version(2)},
		{"GET data/a", ``, 200, read("data", `{"k":1}`, version(1))},
		{"POST destroy/a", `{"versions":[2]}`, 204, ``},
		{"POST data/a", writePending, 200, version(3)},
		{"GET data/a?version=2", ``, 404, ``},
		{"POST stages/a", `{"current":3}`, 200, stages(3, 0, 1)},
		{"GET data/a?stage=previous", ``, 200, read("data", `{"k":1}`, version(1))},
		{"POST data/a", `{"data":{}}`, 200, version(4)},
		{"GET stages/a", ``, 200, stages(4, 0, 0)},
		{"GET data/a?version=1", ``, 404, ``},
	},
	"cas required": {
		{"POST data/a", `{"data":{}}`, 200, version(1)},
		{"POST data/a", writePending, 200, version(2)},
		{"POST metadata/a", `{"cas_required":true}`, 204, ``},
		{"POST stages/a", `{"current":2}`, 400, `check-and-set parameter required for this call`},
		{"POST stages/a", `{"current":2,"cas":1}`, 200, stages(2, 0, 1)},
	},
	"errors": {
		{"POST stages/a", `{"current":1}`, 400, `there is no such secret`},
		{"POST stages/a", `{}`, 400, `current must be the number of the version to promote`},
		{"POST stages/a", `{"current":0}`, 400, `current must be the number of the version to promote`},
		{"POST data/a", `{"data":{},"options":{"stage":"previous"}}`, 400, `the option stage must be current or pending`},
		{"POST data/a", `{"data":{},"options":{"stage":[]}}`, 400, `error converting input for field "stage": expected text, got a list`},
		{"GET data/a?stage=old", ``, 400, `stage must be current, pending or previous`},
		{"GET data/a?stage=current&version=1", ``, 400, `version and stage cannot be asked for together`},
		{"POST data/a", `{"data":{}}`, 200, version(1)},
		{"POST stages/a", `{"current":2}`, 400, `version 2 does not exist, or it is deleted or destroyed`},
	},
}

func TestStages(t *testing.T) {
	for name, steps := range stageSteps {
		t.Run(name, func(t *testing.T) { run(t, logicaltest.New(kv.NewV2()), steps) })
	}
}
