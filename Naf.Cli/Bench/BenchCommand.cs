using System.CommandLine;
using Naf.Checks.Benchmarks;
using Naf.Gpu.Devices;
using Naf.Cli.Common;
using Naf.Host.Common;

namespace Naf.Cli.Bench;

/// <summary><c>naf bench</c>: measures the speed of the components on this machine.</summary>
internal static class BenchCommand
{
    public static Command Create(Terminal terminal) => new ExampleCommand(
        "bench", "Times a part of naf on this machine, after checking its result.",
        "naf bench update --threads 1 --json", run: null)
    {
        KernelBenchCommand.Create(
            terminal, "update",
            "Times the learner's update, all of it: minibatch, targets, loss, gradient, Adam, Polyak.", 5,
            (Device device, UpdateBenchmarkSizes sizes) => new UpdateBenchmark(device, sizes),
            (b, s, rate, rounds) => (
                new
                {
                    b.Plan, UpdatesPerSecond = rate, Rounds = rounds, ActiveUnits = b.ActiveUnits(),
                    GradientError = b.Error,
                },
                $"{Texts.Rate(rate)} updates/s",
                $"learners {s.Learners}, batch {s.Batch}{(b.Plan.Length > 0 ? $" ({b.Plan})" : "")}")),
        KernelBenchCommand.Create(
            terminal, "rollout",
            "Times imagination rollouts: policy, noise, fitted dynamics, observation, reward, into R_f.", 5,
            (Device device, RolloutBenchmarkSizes sizes) => new RolloutBenchmark(device, sizes),
            (b, s, rate, rounds) => (
                new { ImaginedStepsPerSecond = rate, Rounds = rounds, b.Error },
                $"{Texts.Rate(rate)} imagined steps/s", $"learners {s.Learners}, {s.Rollouts} rollouts of {s.Steps}")),
        KernelBenchCommand.Create(
            terminal, "fit",
            "Times the fit of time-varying linear-Gaussian dynamics: moments, prior, conditioning, Cholesky.", 5,
            (Device device, FitBenchmarkSizes sizes) => new FitBenchmark(device, sizes),
            (b, s, rate, rounds) => (
                new
                {
                    MillisecondsPerFit = 1000 * s.Learners / rate, MillisecondsPerLearner = 1000 / rate,
                    Rounds = rounds.Select(r => 1000 * s.Learners / r), b.Error,
                },
                $"{1000 * s.Learners / rate:0.000} ms a fit",
                $"learners {s.Learners}, {s.Horizon} time steps of state {s.State} and action {s.Action}")),
        KernelBenchCommand.Create(
            terminal, "advantage",
            "Times the normalized advantage function: V, μ, L, A and Q from the networks' outputs.", 3,
            (Device device, AdvantageBenchmarkSizes sizes) => new AdvantageBenchmark(device, sizes),
            (b, s, rate, rounds) => (
                new { EvaluationsPerSecond = rate, Rounds = rounds, b.Error },
                $"{Texts.Rate(rate)} evaluations/s", $"{s.Batch} samples of {s.Action} actions")),
        BenchSimCommand.Create(terminal), BenchStepCommand.Create(terminal),
    };
}
