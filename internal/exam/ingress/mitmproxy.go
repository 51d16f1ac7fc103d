package main

import (
	"context"
	_ "embed"
	"net"
	"os"
	"path/filepath"
)

const mitmproxyVersion = "11.0.2"

// addon is what mitmproxy runs for each response.
//
//go:embed addon.py
var addon []byte

// fetchMitmproxy installs it in a folder of the cache, unless it is there, and returns
// the path of mitmdump.
func (b *bench) fetchMitmproxy(ctx context.Context) (string, error) {
	if b.cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		b.cache = filepath.Join(user, "stanch-bench")
	}
	if err := os.MkdirAll(b.cache, 0o755); err != nil {
		return "", err
	}
	venv := filepath.Join(b.cache, mitmproxy+"-"+mitmproxyVersion)
	mitmdump := filepath.Join(venv, "bin", "mitmdump")
	if _, err := output(ctx, mitmdump, "--version"); err == nil {
		return mitmdump, nil
	}
	b.say("fetching mitmproxy")
	if _, err := output(ctx, "python3", "-m", "venv", "--clear", venv); err != nil {
		return "", err
	}
	if _, err := output(ctx, filepath.Join(venv, "bin", "pip"), "install", "--quiet", "mitmproxy=="+mitmproxyVersion); err != nil {
		return "", err
	}
	_, err := output(ctx, mitmdump, "--version")
	return mitmdump, err
}

func (b *bench) startMitmproxy(ctx context.Context, api *process, _ string) (*process, error) {
	script := filepath.Join(b.dir, "addon.py")
	if err := os.WriteFile(script, addon, 0o600); err != nil {
		return nil, err
	}
	return b.startServer(ctx, b.mitmdump, func(address string) ([]string, error) {
		host, port, err := net.SplitHostPort(address)
		return []string{
			"--mode", "reverse:" + urlOf(api, h1), "--listen-host", host, "--listen-port", port, "--scripts", script,
			"--certs", "*=" + b.identity.both, "--quiet",
			"--set", "confdir=" + filepath.Join(b.dir, "mitmproxy"), "--set", "known=" + b.known,
		}, err
	})
}
