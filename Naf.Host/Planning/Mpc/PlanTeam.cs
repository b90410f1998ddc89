using Naf.Gpu.Cpu;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// Distributes independent parts of a planner's work over threads, each with its own model. The result does not depend
/// on which thread does which part.
/// </summary>
internal sealed class PlanTeam(WorkTeam team, Func<IPlanModel> model) : IDisposable
{
    /// <summary>[Threads], each thread's model.</summary>
    public IPlanModel[] Models { get; } = [.. Enumerable.Range(0, team.Threads).Select(_ => model())];

    /// <inheritdoc cref="WorkTeam.Each"/>
    public void Each(int count, Action<int, int> work) => team.Each(count, work);

    public void Dispose()
    {
        foreach (IPlanModel model in Models) model.Dispose();
    }
}
