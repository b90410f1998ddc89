using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Runs;

/// <summary>
/// Detects changes of a task: SHA-256 of every observation and reward of two short episodes with fixed random actions.
/// It depends on the model, the task's file, MuJoCo's version and the processor's arithmetic.
/// </summary>
internal static class SimulationChecksum
{
    private const int Episodes = 2, Steps = 60;

    /// <summary>The first 16 hexadecimal digits of the checksum; none for episodes that can't be repeated.</summary>
    /// <exception cref="ArgumentException"><see cref="EnvironmentTask.Check"/> rejects a step.</exception>
    public static string Of(IControlTask task)
    {
        if (!task.IsRepeatable) return "";
        using IControlEnvironment environment = task.CreateEnvironment();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (ulong episode = 0; episode < Episodes; episode++)
        {
            try
            {
                Append(hash, task, environment, episode);
            }
            catch (SimulationException)
            {
                // a task may diverge under random actions; the step at which it does is part of the checksum
                Append(hash, [double.NaN]);
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    private static void Append(IncrementalHash hash, IControlTask task, IControlEnvironment environment, ulong episode)
    {
        double[] x = new double[task.ObservationSize], u = new double[task.ActionSize];
        environment.Reset(0, RandomStream.TestReset, episode);
        Append(hash, environment.Observation);
        StepResult result = default;
        for (ulong t = 0; t < Steps && !result.Done; t++)
        {
            for (int i = 0; i < u.Length; i++)
                u[i] = 2 * Philox.Uniform(episode, RandomStream.RandomPolicy, t, (uint)i) - 1;
            environment.Observation.CopyTo(x);
            result = environment.Step(u);
            environment.Applied.CopyTo(u);
            (task as EnvironmentTask)?.Check(x, u, result, environment);
            Append(hash, environment.Observation);
            Append(hash, [result.Reward]);
        }
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<double> values) =>
        hash.AppendData(MemoryMarshal.AsBytes(values));
}
