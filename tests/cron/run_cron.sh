#!/bin/sh
# Debian's cron in the foreground with a spool, run directory and PAM file of its own: run_cron.sh TREE SHIM
set -eu
tree=$1
shim=$2
mount --bind "$tree/spool" /var/spool/cron
mount --bind "$tree/crontab" /etc/crontab
mount --bind "$tree/cron.d" /etc/cron.d
mount --bind "$tree/pam" /etc/pam.d/cron
mount --bind "$tree/run" "$(readlink -f /var/run)"
LD_PRELOAD=$shim exec /usr/sbin/cron -f
