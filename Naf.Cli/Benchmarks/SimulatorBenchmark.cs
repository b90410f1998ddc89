using Naf.Checks.Benchmarks;
using Naf.Gpu.Cpu;
using Naf.Sim.Mujoco;

namespace Naf.Cli.Benchmarks;

/// <summary>Speed of a bare model.</summary>
/// <param name="What">"mj_step".</param>
/// <param name="Threads">Threads, each with its own simulation.</param>
/// <param name="Substeps">Calls of mj_step per control step.</param>
/// <param name="StepsPerSecond">Calls per second of all threads: median of the rounds.</param>
/// <param name="Checksum">Of the state after 1,000 control steps, as perf/peers/sim_mujoco.c prints it.</param>
/// <param name="Qpos">The positions in that state.</param>
internal sealed record SimulatorBenchmarkResult(
    string What, string Target, string Mujoco, int Threads, int Substeps, double StepsPerSecond,
    IReadOnlyList<double> Rounds, string Checksum, IReadOnlyList<double> Qpos);

/// <summary>Times mj_step with random controls on all threads, after 1,000 steps that give a checksum.</summary>
internal static class SimulatorBenchmark
{
    private const int CheckedSteps = 1000, Piece = 100;

    /// <summary>Times a model.</summary>
    /// <param name="substeps">Calls of mj_step per control step.</param>
    /// <param name="seconds">Seconds of timing, over all rounds.</param>
    public static SimulatorBenchmarkResult OfModel(string path, int substeps, int threads, double seconds)
    {
        using MujocoModel model = MujocoModel.Load(path);
        using var team = new WorkTeam(threads);
        var data = new MujocoData[threads];
        for (int i = 0; i < threads; i++) data[i] = new MujocoData(model);
        try
        {
            // the same random controls as the peer in C
            var motions = new RandomMotion[threads];
            Array.Fill(motions, new RandomMotion(1));
            motions[0].Run(data[0], CheckedSteps, substeps);
            (ulong checksum, double[] qpos) = (RandomMotion.Checksum(data[0]), data[0].Qpos.ToArray());
            Action<int> piece = worker => motions[worker].Run(data[worker], Piece, substeps);
            double[] rates = [.. BenchmarkRounds.Time(() => team.Run(piece), () => { }, seconds, 5)
                .Select(pieces => pieces * Piece * substeps * threads)];
            return new SimulatorBenchmarkResult(
                "mj_step", path, model.Library.Version, threads, substeps, BenchmarkRounds.Median(rates), rates,
                $"{checksum:x16}", qpos);
        }
        finally
        {
            foreach (MujocoData simulation in data) simulation.Dispose();
        }
    }
}
