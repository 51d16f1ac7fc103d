package sandbox

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies/rego"
)

// Entrypoints are the four questions, by the name of their package below stanch.
func Entrypoints() []string { return []string{"access", "redaction", "rotation", "gate"} }

// schemas returns the schemas of the inputs and of data.config, by the names that
// annotations use: schema.access.input, schema.config.data.
var schemas = sync.OnceValue(func() *ast.SchemaSet {
	set := ast.NewSchemaSet()
	add := func(folder, name string) {
		path := "schemas/" + folder + "/" + name + ".json"
		text, err := fs.ReadFile(rego.FS, path)
		var schema any
		if err == nil {
			err = json.Unmarshal(text, &schema)
		}
		if err != nil {
			panic(fmt.Sprintf("the embedded %s: %v", path, err))
		}
		set.Put(ast.MustParseRef("schema."+folder+"."+name), schema)
	}
	for _, entry := range Entrypoints() {
		add(entry, "input")
	}
	add("config", "data")
	return set
})

// Checked returns modules and, for each entrypoint's package, a module without rules
// that puts the schema of its input on that package and those below. So a misspelt
// field is an error whether or not the author annotated the policy.
func Checked(modules Modules) Modules {
	all := Modules{}
	for name, m := range modules {
		all[name] = m
	}
	for _, entry := range Entrypoints() {
		name := "schemas/" + entry
		text := fmt.Sprintf("# METADATA\n# scope: subpackages\n# schemas:\n#   - input: schema.%s.input\n#   - data.config: schema.config.data\npackage stanch.%s\n", entry, entry)
		module, err := ParseModule(name, []byte(text))
		if err != nil {
			panic(err) // the text is ours
		}
		all[name] = module
	}
	return all
}
