#!/bin/bash
# A batch on Slurm: sbatch slurm.sh LIST DIR [OPTIONS OF rs-srgan batch ...]
#SBATCH --job-name=rs-srgan
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --mem=48G
#SBATCH --time=12:00:00
#SBATCH --signal=B:TERM@120
set -euo pipefail

list=${1:?name the list of scenes} folder=${2:?name the folder of the results}
shift 2
nodes=$(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${nodes%%$'\n'*}
port=$((20000 + SLURM_JOB_ID % 20000))  # jobs on one node must not share a port

# Only this job's processes know the token. Without one, Ray 2.59 and later take a user's from ~/.ray for some of them.
RAY_AUTH_TOKEN=$(python -c 'import secrets; print(secrets.token_hex(32))')
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN

# One Ray node on each machine. They wait for the first one, and end with the job.
srun --overlap bash -c '
  if [ "$(hostname -s)" = "${1%%.*}" ]; then
    exec ray start --head --port="$2" --num-cpus="$SLURM_CPUS_PER_TASK" --disable-usage-stats --block
  fi
  until exec 3<>"/dev/tcp/$1/$2"; do sleep 1; done 2>/dev/null
  exec ray start --address="$1:$2" --num-cpus="$SLURM_CPUS_PER_TASK" --disable-usage-stats --block
' ray "$head" "$port" &
until ray status --address="$head:$port" >/dev/null 2>&1; do sleep 1; done

# Nodes that come later get workers, too. A job that met its time limit is submitted again: it does what is missing.
# exec: two minutes before the limit, Slurm sends the signal to the batch itself, which ends in order.
exec rs-srgan batch "$list" -o "$folder" --address "$head:$port" "$@"
