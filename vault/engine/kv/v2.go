package kv

import (
	"context"
	"fmt"
	"net/http"

	"github.com/stanch-dev/stanch/vault/logical"
)

// V2 is a mount of kv 2. It is safe for concurrent use.
type V2 struct{ watcher Watcher }

// NewV2 returns a mount of kv 2, a *V2.
func NewV2() logical.Backend { return &V2{} }

// Watcher returns what tells waiting reads of new versions. All that this V2 writes is
// told; what another node has written, the caller may tell.
func (b *V2) Watcher() *Watcher { return &b.watcher }

// Fields of several paths.
var (
	versionField  = logical.Field{Name: "version", Type: logical.Int, Doc: "The version to read; 0: the current one.", Query: true}
	stageField    = logical.Field{Name: "stage", Type: logical.String, Doc: "Read the version that has this stage: current, pending or previous.", Query: true}
	versionsField = logical.Field{Name: "versions", Type: logical.Strings, Doc: "Numbers of versions."}
	casField      = logical.Field{Name: "cas", Type: logical.Int, Doc: "The write is done only if this is the current version; 0: if there is none."}
)

// Paths implements logical.Backend.
func (b *V2) Paths() []logical.Path {
	return []logical.Path{
		{
			Pattern: "config", Doc: "Read and write what holds for all secrets of the mount.", Fields: settingFields,
			Handlers: map[logical.Operation]logical.Handler{logical.Read: readConfig, logical.Update: writeConfig},
		},
		{
			Pattern: "data/{path...}",
			Doc: "Write, patch, read and delete the current version of a secret. With options.stage \"pending\" a new version does not become the current one: " +
				"POST stages/ promotes it. ?stage= reads the version with a stage. ?watch=N waits until the current version is not N, for ?timeout= at most, then answers 304.",
			Fields: []logical.Field{
				pathField, versionField, stageField, watchField, timeoutField,
				{Name: "data", Type: logical.Object, Doc: "The values; for a PATCH a merge patch (RFC 7396)."},
				{Name: "options", Type: logical.Object, Doc: "cas: the current version that is expected, 0 for none. stage: current (default) or pending."},
			},
			Handlers: map[logical.Operation]logical.Handler{
				logical.Read: named(b.readData), logical.Update: named(b.writeData),
				logical.Patch: named(b.patchData), logical.Delete: named(b.deleteData),
			},
			Exists: exists(metadataFolder),
		},
		{
			Pattern: "metadata/{path...?}", Fields: metadataFields,
			Doc: "List secrets; read and write what is known of one beside its values; delete one with all its versions.",
			Handlers: map[logical.Operation]logical.Handler{
				logical.Read: named(readMetadata), logical.Update: named(b.writeMetadata),
				logical.Patch: named(b.writeMetadata), logical.Delete: named(b.deleteMetadata),
				logical.List: func(ctx context.Context, c *logical.Call) (*logical.Response, error) {
					return list(ctx, c, metadataFolder)
				},
			},
			Exists: exists(metadataFolder),
		},
		b.onVersions("delete/{path...}", "Delete versions, so that they can be brought back.", b.deleteVersions),
		b.onVersions("undelete/{path...}", "Bring deleted versions back.", b.undeleteVersions),
		b.onVersions("destroy/{path...}", "Remove the data of versions for ever.", b.destroyVersions),
		{
			Pattern: "subkeys/{path...}", Doc: "Read the names inside a secret, without the values.",
			Fields: []logical.Field{
				pathField, versionField, stageField,
				{Name: "depth", Type: logical.Int, Doc: "How many levels are shown; 0: all.", Query: true},
			},
			Handlers: map[logical.Operation]logical.Handler{logical.Read: named(readSubkeys)},
		},
		b.onStages(),
		{
			Pattern: "{path...?}", Doc: "Tells clients of kv 1 that this is kv 2.", Fields: []logical.Field{pathField},
			Handlers: map[logical.Operation]logical.Handler{
				logical.Read: noSuchPath("get"), logical.Update: noSuchPath("put"), logical.Patch: noSuchPath("patch"),
				logical.Delete: noSuchPath("delete"), logical.List: noSuchPath("list"),
			},
		},
	}
}

func (b *V2) onVersions(pattern, doc string, h onSecret) logical.Path {
	return logical.Path{
		Pattern: pattern, Doc: doc, Fields: []logical.Field{pathField, versionsField},
		Handlers: map[logical.Operation]logical.Handler{logical.Update: named(h)},
	}
}

// noSuchPath answers with the warnings that Vault's clients show.
func noSuchPath(command string) logical.Handler {
	return func(_ context.Context, c *logical.Call) (*logical.Response, error) {
		warning := fmt.Sprintf("Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. "+
			"If using the Vault CLI, use 'vault kv %s' for this operation.", command)
		switch c.Fields.String("path") {
		case "data", "metadata", "delete", "undelete", "destroy", "subkeys", "stages":
			warning = "Non-listing operations on the root of a K/V v2 mount are not supported."
		}
		return &logical.Response{Status: http.StatusNotFound, Warnings: []string{warning}}, nil
	}
}
