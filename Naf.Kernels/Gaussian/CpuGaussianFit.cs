using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// The fit on the processor: a task is a block of a learner's time steps, and threads take tasks as they come free. Which one takes a task, and what
/// else it does, changes no number.
/// </summary>
internal sealed unsafe class CpuGaussianFit : IGaussianFit
{
    private readonly DynamicsShape _shape;
    private readonly WorkTeam _team;
    private readonly IFitBlock[] _blocks;
    private readonly FitLearner[] _learners;
    private readonly int[] _wrong;
    private readonly int _maxEpisodes, _blocksPerLearner;
    private readonly List<IDisposable> _owned = [];
    private readonly HostBuffer _samples, _models, _diagonals;
    private readonly Action<int> _fitAsMember;
    private int _next;

    /// <param name="laneWidth">Doubles of a register, or 0 for the widest.</param>
    /// <exception cref="OutOfMemoryException">The machine has no room; nothing is left behind.</exception>
    public CpuGaussianFit(CpuDevice device, DynamicsShape shape, int[][] lengths, int maxEpisodes, int laneWidth)
    {
        (_shape, _team, _maxEpisodes) = (shape, device.Team, maxEpisodes);
        int learners = lengths.Length, t = shape.Horizon;
        long samples = (long)maxEpisodes * t * shape.Sample, f = (long)t * shape.State * shape.Input, offset = (long)t * shape.State;
        long n = offset * shape.State;
        try
        {
            _blocks = [.. Enumerable.Range(0, _team.Threads).Select(_ => Own(Create(shape, maxEpisodes, laneWidth)))];
            _samples = Own(new HostBuffer(2 * samples * learners));
            _models = Own(new HostBuffer(2 * (f + offset + n) * learners));
            _diagonals = Own(new HostBuffer(2L * shape.Sample * learners));
            Packed = Own(new HostBuffer((long)t * shape.PackedStep * learners));
        }
        catch
        {
            Dispose();
            throw;
        }
        _blocksPerLearner = (t + _blocks[0].Width - 1) / _blocks[0].Width;
        _wrong = new int[learners];
        _learners = [.. lengths.Select(l => new FitLearner(l))];
        for (int k = 0; k < learners; k++)
        {
            FitLearner learner = _learners[k];
            learner.Samples = (double*)_samples.Pointer + k * samples;
            learner.F = (double*)_models.Pointer + k * (f + offset + n);
            learner.Offset = learner.F + f;
            learner.N = learner.Offset + offset;
            learner.Packed = Packed.Pointer + (nint)k * t * shape.PackedStep;
            learner.Diagonal = (double*)_diagonals.Pointer + (nint)k * shape.Sample;
        }
        _fitAsMember = FitAsMember;
    }

    public HostBuffer Packed { get; }

    public void Store(int learner, int episode, ReadOnlySpan<double> samples) =>
        samples.CopyTo(new Span<double>(_learners[learner].Samples + (nint)episode * _shape.Horizon * _shape.Sample, samples.Length));

    public void Fit(ReadOnlySpan<double> diagonal, GaussianPrior? prior, int priorSteps)
    {
        diagonal.CopyTo(new Span<double>(_diagonals.Pointer, diagonal.Length));
        Array.Clear(_wrong);
        fixed (double* mean = prior?.Mean, scatter = prior?.Scatter)
        {
            for (int k = 0; k < _learners.Length; k++)
            {
                FitLearner learner = _learners[k];
                nint size = _shape.Sample, steps = priorSteps * k;
                learner.PriorMean = prior is null ? null : mean + steps * size;
                learner.PriorScatter = prior is null ? null : scatter + steps * size * size;
                (learner.PriorSteps, learner.MeanStrength, learner.Strength) = (priorSteps, prior?.MeanStrength ?? 0, prior?.Strength ?? 0);
                learner.Version++;
            }
            _next = 0;
            _team.Run(_fitAsMember);
        }
    }

    public void CopyTo(int learner, Span<double> f, Span<double> offset, Span<double> n)
    {
        FitLearner from = _learners[learner];
        new Span<double>(from.F, f.Length).CopyTo(f);
        new Span<double>(from.Offset, offset.Length).CopyTo(offset);
        new Span<double>(from.N, n.Length).CopyTo(n);
    }

    public void CopyPacked(int learner, Span<float> packed) => new Span<float>(_learners[learner].Packed, packed.Length).CopyTo(packed);

    public void Poison()
    {
        _models.Span.Fill(float.NaN);
        // padding, and what is above the diagonal of chol(N), are zero from the beginning
        int row = _shape.PackedRow, rows = _shape.PackedStep / row;
        for (int r = 0; r < Packed.Length / row; r++)
        {
            int first = Math.Max(0, r % rows - _shape.Input - 1);
            Packed.Span.Slice(r * row + first, _shape.State - first).Fill(float.NaN);
        }
    }

    public bool IsFinite(int learner) => _wrong[learner] == 0;

    public void Dispose()
    {
        foreach (IDisposable memory in _owned) memory.Dispose();
    }

    private TMemory Own<TMemory>(TMemory memory) where TMemory : IDisposable
    {
        _owned.Add(memory);
        return memory;
    }

    private void FitAsMember(int member)
    {
        int tasks = _learners.Length * _blocksPerLearner;
        for (int task = Interlocked.Increment(ref _next) - 1; task < tasks; task = Interlocked.Increment(ref _next) - 1)
        {
            int learner = task / _blocksPerLearner;
            if (!_blocks[member].Run(_learners[learner], task % _blocksPerLearner)) Interlocked.Exchange(ref _wrong[learner], 1);
        }
    }

    private static IFitBlock Create(DynamicsShape shape, int maxEpisodes, int laneWidth) =>
        (laneWidth == 0 ? CpuDevice.RegisterFloats / 2 : laneWidth) switch
        {
            8 => new FitBlock<Doubles512, System.Runtime.Intrinsics.Vector512<double>>(shape, maxEpisodes),
            4 => new FitBlock<Doubles256, System.Runtime.Intrinsics.Vector256<double>>(shape, maxEpisodes),
            2 => new FitBlock<Doubles128, System.Runtime.Intrinsics.Vector128<double>>(shape, maxEpisodes),
            _ => throw new ArgumentException($"there are no registers of {laneWidth} doubles; give 8, 4 or 2"),
        };
}
