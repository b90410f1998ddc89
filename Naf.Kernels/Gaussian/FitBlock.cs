using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>Fits blocks of time steps, a step in each element of a register: one thread's memory, and the stages in order.</summary>
internal interface IFitBlock : IDisposable
{
    /// <summary>Time steps of a block.</summary>
    int Width { get; }

    /// <summary>Fits steps block · Width, … of a learner; false: not every number of them is finite in float32.</summary>
    bool Run(FitLearner learner, int block);
}

/// <inheritdoc/>
/// <remarks>
/// Rows are the entries of [s; u], then those of s′, each group padded to whole tiles. An entry that is constant in the data, or padding, has samples
/// of 0 and nothing depends on it. Σ is never stored: a tile of it is summed, less what the earlier columns of the Cholesky factor explain, and
/// solved at once. Tiles carry the opposite sign, so that every product adds, and one product makes a tile: a row is [−x | L | −F R], held against
/// the columns [x | L | F] of four rows, which are copied side by side first.
/// </remarks>
internal sealed unsafe class FitBlock<TLanes, TVector> : IFitBlock
    where TLanes : struct, IDoubleLanes<TVector>
    where TVector : struct
{
    private const int Tile = FitTile<TLanes, TVector>.Size;
    private static readonly int W = TLanes.Width;

    private readonly DynamicsShape _shape;
    private readonly int _episodes, _inputs, _rows, _terms;
    private readonly nint _row, _inputRow, _stateRow;
    private readonly FitSteps _steps;
    private readonly FitPrior<TLanes, TVector> _prior;
    private readonly HostBuffer _memory;
    private readonly double* _mean, _offset, _inverse, _tile, _count, _weight, _a, _b, _f, _n, _c, _diagonal, _least;

    public FitBlock(DynamicsShape shape, int maxEpisodes)
    {
        (_shape, _episodes, _terms, _inputs) = (shape, maxEpisodes, maxEpisodes + 1, PadTile(shape.Input));
        // what is written out in squares of registers has whole registers of rows
        int states = PadTile(shape.State), wide = (shape.State + 7) & ~7, length = _terms + 2 * _inputs;
        _rows = _inputs + states;
        (_row, _inputRow, _stateRow) = ((nint)length * W, (nint)_inputs * W, (nint)wide * W);
        (_steps, _prior) = (new FitSteps(shape, W), new FitPrior<TLanes, TVector>(shape, _inputs, _rows));
        int columns = Tile * Math.Max(length, wide);
        long vectors = 2L * _rows + wide + Tile * Tile + 2 + (long)_rows * length + columns + (long)wide * _inputs + 2L * wide * wide;
        _memory = new HostBuffer(2 * (vectors * W + 2 * _rows));
        double* at = (double*)_memory.Pointer;
        _mean = Take(_rows);
        _offset = Take(wide);
        _inverse = Take(_rows);
        _tile = Take(Tile * Tile);
        _count = Take(1);
        _weight = Take(1);
        _a = Take((long)_rows * length);
        _b = Take(columns);
        _f = Take((long)wide * _inputs);
        _n = Take((long)wide * wide);
        _c = Take((long)wide * wide);
        _diagonal = at;
        _least = at + _rows;

        double* Take(long count) => (at += count * W) - count * W;
    }

    public int Width => W;

    public bool Run(FitLearner learner, int block)
    {
        _steps.Set(learner, block);
        SetDiagonal(learner);
        _prior.Set(learner, _steps, _diagonal);
        Centre(learner);
        Regress();
        Remain();
        FactorNoise();
        return Write(learner);
    }

    public void Dispose()
    {
        _memory.Dispose();
        _prior.Dispose();
        _steps.Dispose();
    }

    private static int PadTile(int size) => (size + Tile - 1) / Tile * Tile;

    // R of the inputs and the floor of the outputs. A pivot is at least half of it; an input without one has a pivot of 1, an output of 0
    private void SetDiagonal(FitLearner learner)
    {
        new Span<double>(_diagonal, _rows).Clear();
        new Span<double>(learner.Diagonal, _shape.Input).CopyTo(new Span<double>(_diagonal, _inputs));
        new Span<double>(learner.Diagonal + _shape.Input, _shape.State).CopyTo(new Span<double>(_diagonal + _inputs, _rows - _inputs));
        for (int i = 0; i < _rows; i++) _least[i] = i < _inputs && !(_diagonal[i] > 0) ? 1 : _diagonal[i] / 2;
    }

    // z̄; the rows x whose products are Σ − Φ / (n + n₀): (z − z̄) / √(n + n₀), and (z̄ − μ₀) √(n m / (n + m) / (n + n₀))
    private void Centre(FitLearner learner)
    {
        double* valid = stackalloc double[_terms * W], empty = stackalloc double[W];
        for (int l = 0; l < W; l++) _count[l] = 0;
        for (int e = 0; e < _episodes; e++)
        {
            if (_steps.ReadEpisode(e))
            {
                LaneTranspositions.GatherRow<TLanes, TVector>(_steps.Lanes, 0, _shape.Input, _a + e * W, _row);
                LaneTranspositions.GatherRow<TLanes, TVector>(_steps.Lanes, _shape.Input, _shape.State, _a + _inputs * _row + e * W, _row);
            }
            else
                for (int i = 0; i < _rows; i++) TLanes.Store(_a + i * _row + e * W, TLanes.All(0));
            for (int l = 0; l < W; l++)
            {
                valid[e * W + l] = _steps.Source[l] < learner.Lengths[e] ? 1 : 0;
                _count[l] += valid[e * W + l];
            }
        }
        for (int l = 0; l < W; l++)
        {
            double n = _count[l], m = learner.MeanStrength;
            _weight[l] = 1 / (n + learner.Strength);
            (_count[l], empty[l]) = (Math.Max(n, 1), n > 0 ? 0 : 1);
            for (int e = 0; e < _episodes; e++) valid[e * W + l] *= Math.Sqrt(_weight[l]);
            valid[_episodes * W + l] = n * m > 0 ? Math.Sqrt(n * m / (n + m) * _weight[l]) : 0;
        }
        for (int i = 0; i < _rows; i++)
        {
            double* x = _a + i * _row;
            TVector sum = TLanes.All(0), prior = TLanes.Load(_prior.Mean + (nint)i * W), live = TLanes.All(_diagonal[i] > 0 ? 1 : 0);
            for (int e = 0; e < _episodes; e++) sum = TLanes.Add(sum, TLanes.Load(x + e * W));
            TVector mean = TLanes.MultiplyAdd(prior, TLanes.Load(empty), TLanes.Divide(sum, TLanes.Load(_count)));
            TLanes.Store(_mean + (nint)i * W, mean);
            TLanes.Store(x + _episodes * W, prior);
            for (int e = 0; e < _terms; e++)
            {
                // −x
                TVector centred = TLanes.Add(mean, TLanes.Negate(TLanes.Load(x + e * W)));
                TLanes.Store(x + e * W, TLanes.Multiply(TLanes.Multiply(centred, TLanes.Load(valid + e * W)), live));
            }
        }
    }

    // Σ_ii + R = L Lᵀ, W = (L⁻¹ Σ_ip)ᵀ below it, F = W L⁻¹, f = z̄_p − F z̄_i
    private void Regress()
    {
        double* l = _a + _terms * W;
        for (int j = 0; j < _inputs; j += Tile)
        {
            SetColumns(_a + j * _row, _row, _terms, _terms + j);
            double* factor = l + j * _row + (nint)j * W, inverse = _inverse + (nint)j * W;
            for (int i = j; i < _rows; i += Tile)
            {
                _prior.Start(_tile, i, j, TLanes.Load(_weight));
                FitTile<TLanes, TVector>.Add(_tile, _a + i * _row, _row, _b, Tile * W, _terms + j);
                if (i > j)
                {
                    FitSolve<TLanes, TVector>.Right(_tile, factor, _row, inverse, l + i * _row + (nint)j * W, _row);
                    continue;
                }
                // an input without a ridge is constant: its pivot is raised to 1
                AddDiagonal(j);
                FitSolve<TLanes, TVector>.Factor(_tile, _least + j, factor, _row, inverse);
            }
        }
        for (int i = 0; i < _rows - _inputs; i += Tile)
        {
            double* f = _f + i * _inputRow, w = l + (_inputs + i) * _row;
            for (int k = _inputs - Tile; k >= 0; k -= Tile)
            {
                nint at = (nint)k * W;
                FitSolve<TLanes, TVector>.Negative(_tile, w + at, _row);
                FitTile<TLanes, TVector>.Add(_tile, f + at + Tile * W, _inputRow, l + (k + Tile) * _row + at, _row, _inputs - k - Tile);
                FitSolve<TLanes, TVector>.Back(_tile, l + k * _row + at, _row, _inverse + at, f + at, _inputRow);
            }
            for (int a = i; a < i + Tile; a++)
            {
                TVector offset = TLanes.Load(_mean + (nint)(_inputs + a) * W);
                double* ridged = l + (_inputs + a) * _row + _inputRow;
                for (nint k = 0; k < _inputs; k++)
                {
                    TVector negative = TLanes.Negate(TLanes.Load(_f + a * _inputRow + k * W));
                    offset = TLanes.MultiplyAdd(negative, TLanes.Load(_mean + k * W), offset);
                    TLanes.Store(ridged + k * W, TLanes.Multiply(negative, TLanes.All(_diagonal[k])));
                }
                TLanes.Store(_offset + (nint)a * W, offset);
            }
        }
    }

    // N = Σ_pp − F Σ_ii Fᵀ + floor = (Σ_pp − W Wᵀ) + F R Fᵀ + floor: the first is what is left by conditioning, and both are never negative
    private void Remain()
    {
        double* outputs = _a + _inputs * _row;
        for (int j = 0; j < _rows - _inputs; j += Tile)
        {
            SetColumns(outputs + j * _row, _row, _terms, _terms + _inputs);
            for (int k = 0; k < _inputs; k++)
                for (int c = 0; c < Tile; c++)
                    TLanes.Store(_b + (Tile * (_terms + _inputs + k) + c) * W, TLanes.Load(_f + (j + c) * _inputRow + (nint)k * W));
            for (int i = j; i < _rows - _inputs; i += Tile)
            {
                _prior.Start(_tile, _inputs + i, _inputs + j, TLanes.Load(_weight));
                FitTile<TLanes, TVector>.Add(_tile, outputs + i * _row, _row, _b, Tile * W, _terms + 2 * _inputs);
                if (i == j) AddDiagonal(_inputs + j);
                for (int r = 0; r < Tile; r++)
                    for (int c = 0; c < (i == j ? r + 1 : Tile); c++)
                    {
                        TVector n = TLanes.Negate(TLanes.Load(_tile + (Tile * r + c) * W));
                        TLanes.Store(_n + (i + r) * _stateRow + (nint)(j + c) * W, n);
                        TLanes.Store(_n + (j + c) * _stateRow + (nint)(i + r) * W, n);
                    }
            }
        }
    }

    // C Cᵀ = N
    private void FactorNoise()
    {
        for (int j = 0; j < _rows - _inputs; j += Tile)
        {
            SetColumns(_c + j * _stateRow, _stateRow, 0, j);
            double* factor = _c + j * _stateRow + (nint)j * W, inverse = _inverse + (nint)(_inputs + j) * W;
            for (int i = j; i < _rows - _inputs; i += Tile)
            {
                FitSolve<TLanes, TVector>.Negative(_tile, _n + i * _stateRow + (nint)j * W, _stateRow);
                FitTile<TLanes, TVector>.Add(_tile, _c + i * _stateRow, _stateRow, _b, Tile * W, j);
                if (i == j)
                    FitSolve<TLanes, TVector>.Factor(_tile, _least + _inputs + j, factor, _stateRow, inverse);
                else
                    FitSolve<TLanes, TVector>.Right(_tile, factor, _stateRow, inverse, _c + i * _stateRow + (nint)j * W, _stateRow);
            }
        }
    }

    // four rows side by side, the first entries with the opposite sign
    private void SetColumns(double* rows, nint row, int negative, int count)
    {
        for (int k = 0; k < count; k++)
            for (int c = 0; c < Tile; c++)
            {
                TVector value = TLanes.Load(rows + c * row + (nint)k * W);
                TLanes.Store(_b + (Tile * k + c) * W, k < negative ? TLanes.Negate(value) : value);
            }
    }

    private void AddDiagonal(int row)
    {
        for (int a = 0; a < Tile; a++)
        {
            double* element = _tile + (Tile + 1) * a * W;
            TLanes.Store(element, TLanes.Add(TLanes.Load(element), TLanes.All(-_diagonal[row + a])));
        }
    }

    private bool Write(FitLearner learner)
    {
        int states = _shape.State, inputs = _shape.Input, row = _shape.PackedRow;
        _steps.Write(learner.F, (nint)states * inputs);
        for (int i = 0; i < states; i++)
            LaneTranspositions.ScatterRow<TLanes, TVector>(_f + i * _inputRow, W, inputs, _steps.Lanes, i * inputs);
        _steps.Write(learner.Offset, states);
        LaneTranspositions.ScatterRow<TLanes, TVector>(_offset, W, states, _steps.Lanes, 0);
        _steps.Write(learner.N, (nint)states * states);
        for (int i = 0; i < states; i++)
            LaneTranspositions.ScatterRow<TLanes, TVector>(_n + i * _stateRow, W, states, _steps.Lanes, i * states);

        // packed: the columns of F, f, the columns of C
        _steps.Write(learner.Packed, _shape.PackedStep);
        for (int i = 0; i < states; i += W)
        {
            for (int k = 0; k < inputs; k++)
                TLanes.ScatterSingle(_f + i * _inputRow + (nint)k * W, _inputRow, _steps.Singles, (nint)k * row + i);
            TLanes.ScatterSingle(_offset + (nint)i * W, W, _steps.Singles, (nint)inputs * row + i);
            for (int j = 0; j < Math.Min(i + W, states); j++)
                TLanes.ScatterSingle(_c + i * _stateRow + (nint)j * W, _stateRow, _steps.Singles, (nint)(inputs + 1 + j) * row + i);
        }
        return Finite(states, inputs);
    }

    // by the sum of all sizes, which is infinite or NaN when one of them is
    private bool Finite(int states, int inputs)
    {
        TVector sum = TLanes.All(0);
        for (int i = 0; i < states; i++)
        {
            for (int k = 0; k < inputs; k++) sum = TLanes.Add(sum, TLanes.Abs(TLanes.Load(_f + i * _inputRow + (nint)k * W)));
            sum = TLanes.Add(sum, TLanes.Abs(TLanes.Load(_offset + (nint)i * W)));
            for (int j = 0; j <= i; j++) sum = TLanes.Add(sum, TLanes.Abs(TLanes.Load(_c + i * _stateRow + (nint)j * W)));
        }
        TLanes.Store(_tile, sum);
        for (int l = 0; l < _steps.Count; l++)
            if (!(_tile[l] <= float.MaxValue)) return false;
        return true;
    }
}
