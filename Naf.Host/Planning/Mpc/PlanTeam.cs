using Naf.Gpu.Cpu;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// Spreads independent pieces of a planner's work over threads, each with a model of its own. Which thread does which
/// does not matter.
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
