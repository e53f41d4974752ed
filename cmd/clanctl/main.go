// Clanctl answers questions about a fleet that is described by a clan flake: which machine runs what, with which
// settings, from which module, and why.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	_ "github.com/clanctl/clanctl/cmd/clanctl/early"
	"github.com/clanctl/clanctl/internal/cli"
)

func main() {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup does
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends us at once
	}()
	code := cli.Run(ctx, os.Args, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
