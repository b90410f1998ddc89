using Naf.Kernels.Reward;

namespace Naf.Kernels.Rollout.Cpu;

/// <summary>r(x, u) and its bounds over replay rows: a row begins with [x | u], so that a term's index is the row's.</summary>
internal sealed unsafe class RowReward
{
    private readonly Term[] _terms;
    private readonly (int Index, float Low, float High)[] _bounds;

    public RowReward(RewardDefinition definition)
    {
        _terms = [.. definition.Terms.Select(term => new Term(term))];
        _bounds = [.. definition.Bounds.Select(bound => (bound.Index, (float)bound.Low, (float)bound.High))];
        TerminationReward = (float)definition.TerminationReward;
    }

    /// <summary>R_term.</summary>
    public float TerminationReward { get; }

    /// <summary>Σ w ρ(e).</summary>
    /// <param name="z">[x | u].</param>
    public float Value(float* z)
    {
        float r = 0;
        foreach (Term term in _terms) r += term.Value(z);
        return r;
    }

    /// <summary>Whether an episode ends at x′.</summary>
    public bool Terminates(float* next)
    {
        foreach ((int index, float low, float high) in _bounds)
            if (next[index] < low || next[index] > high) return true;
        return false;
    }

    private sealed class Term(RewardTerm term)
    {
        private readonly (int Index, float Centre, float Scale)[] _entries =
            [.. term.Index.Select((index, i) => (index, (float)term.Centre[i], (float)term.Scale[i]))];
        private readonly RewardKind _kind = term.Kind;
        private readonly float _weight = (float)term.Weight, _offset = (float)term.Offset, _alpha = (float)term.Alpha;
        private readonly float _square = (float)term.Alpha * (float)term.Alpha;

        public float Value(float* z)
        {
            float e = _offset;
            if (_kind is RewardKind.Linear or RewardKind.Sigmoid)
                foreach ((int index, float centre, float scale) in _entries) e += scale * (z[index] - centre);
            else
                foreach ((int index, float centre, float scale) in _entries)
                {
                    float d = z[index] - centre;
                    e += scale * d * d;
                }
            return _weight * _kind switch
            {
                RewardKind.SmoothNorm => MathF.Sqrt(e + _square) - _alpha,
                RewardKind.LogQuadratic => float.LogP1(e / _square),
                RewardKind.Bump => MathF.Exp(-0.5f * e / _square),
                RewardKind.Sigmoid => 1 / (1 + MathF.Exp(-e / _alpha)),
                _ => e,
            };
        }
    }
}
