using Naf.Gpu.Cpu;
using Naf.Kernels.Population;
using Naf.Kernels.Rollout.Cpu;

namespace Naf.Kernels.Rollout.Engines;

/// <summary>
/// Rollouts on the processor: threads take blocks of them in order, and append a block's rows when those of the blocks before it stand there.
/// </summary>
internal sealed unsafe class CpuRollouts : IRolloutEngine
{
    private readonly RolloutDefinition _definition;
    private readonly WorkTeam _team;
    private readonly RolloutWorkspace[] _workspaces;
    private readonly Action<int> _work;
    private readonly int[] _firstTicket, _appended;
    private readonly HostBuffer _dynamics;
    private RolloutCall _call;
    private int _ticket;
    private volatile bool _failed;

    public CpuRollouts(CpuDevice device, RolloutDefinition definition, NafPopulation population)
    {
        (_definition, _team) = (definition, device.Team);
        _workspaces = [.. Enumerable.Range(0, _team.Threads)
            .Select(_ => new RolloutWorkspace(definition, population.Shape, population.InputScale))];
        int learners = population.Learners;
        (_firstTicket, _appended) = (new int[learners + 1], new int[learners]);
        _dynamics = new HostBuffer((long)learners * definition.Dynamics.Horizon * definition.Dynamics.PackedStep);
        _work = Work;
    }

    public string Plan => $"{_team.Threads} threads";

    public void SetDynamics(int learner, ReadOnlySpan<float> dynamics) =>
        dynamics.CopyTo(new Span<float>(_dynamics.Pointer + (long)learner * dynamics.Length, dynamics.Length));

    public void Run(in RolloutCall call)
    {
        _call = call;
        for (int k = 0; k < call.Learners.Length; k++)
        {
            int rollouts = RolloutWorkspace.BlockRollouts(call.Settings[k], _definition.RowLength);
            _firstTicket[k + 1] = _firstTicket[k] + (call.Learners[k].Active ? (call.Starts[k].Count + rollouts - 1) / rollouts : 0);
            (_appended[k], call.Reports[k]) = (0, default);
        }
        (_ticket, _failed) = (0, false);
        if (_team.Threads == 1) Work(0);
        else _team.Run(_work);
    }

    public void Dispose()
    {
        foreach (RolloutWorkspace workspace in _workspaces) workspace.Dispose();
        _dynamics.Dispose();
    }

    private void Work(int worker)
    {
        RolloutWorkspace workspace = _workspaces[worker];
        workspace.Forget();
        try
        {
            int k = 0;
            for (int ticket = Take(); ticket < _firstTicket[^1]; ticket = Take())
            {
                while (ticket >= _firstTicket[k + 1]) k++;
                RunBlock(workspace, k, ticket - _firstTicket[k]);
                if (_failed) return;
            }
        }
        catch
        {
            // the others must not wait for this one's rows
            _failed = true;
            throw;
        }
    }

    private int Take() => Interlocked.Increment(ref _ticket) - 1;

    private void RunBlock(RolloutWorkspace workspace, int k, int block)
    {
        int rollouts = RolloutWorkspace.BlockRollouts(_call.Settings[k], _definition.RowLength), first = block * rollouts;
        long model = (long)_definition.Dynamics.Horizon * _definition.Dynamics.PackedStep;
        workspace.Run(
            _call.Learners[k], _call.Settings[k], _call.Starts[k], first, rollouts, _dynamics.Pointer + k * model);

        // in turn: the blocks before this one were taken before, and are being computed
        var wait = new SpinWait();
        while (Volatile.Read(ref _appended[k]) != block)
        {
            if (_failed) return;
            wait.SpinOnce();
        }
        RolloutReport report = _call.Reports[k];
        _call.Reports[k] = new RolloutReport(report.Steps + workspace.Append(_call.Learners[k].Imagined), report.Cuts + workspace.Cuts);
        Volatile.Write(ref _appended[k], block + 1);
    }
}
