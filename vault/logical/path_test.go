package logical_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/vault/logical"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          map[string]string
		ok            bool
	}{
		{"config", "config", nil, true},
		{"config", "config/", nil, true},
		{"config", "configs", nil, false},
		{"config", "", nil, false},
		{"role/{name}", "role/a", map[string]string{"name": "a"}, true},
		{"role/{name}", "role/a/", map[string]string{"name": "a"}, true},
		{"role/{name}", "role/", nil, false},
		{"role/{name}", "role/a/b", nil, false},
		{"role/{name}/secret-id", "role/a/secret-id", map[string]string{"name": "a"}, true},
		{"role/{name}/secret-id", "role/a/secret-ids", nil, false},
		{"data/{path...}", "data/a/b", map[string]string{"path": "a/b"}, true},
		{"data/{path...}", "data/", nil, false},
		{"data/{path...}", "data", nil, false},
		{"metadata/{path...?}", "metadata", nil, true},
		{"metadata/{path...?}", "metadata/", nil, true},
		{"metadata/{path...?}", "metadata/a/b", map[string]string{"path": "a/b"}, true},
		{"metadata/{path...?}", "metadatas", nil, false},
		{"{path...?}", "", map[string]string{"path": ""}, true},
		{"{path...?}", "a/b", map[string]string{"path": "a/b"}, true},
	} {
		p := logical.Path{Pattern: c.pattern}
		got, ok := p.Match(c.path)
		if diff := cmp.Diff(c.want, got); ok != c.ok || ok && diff != "" {
			t.Errorf("%s on %q: %v %v", c.pattern, c.path, got, ok)
		}
	}
}
