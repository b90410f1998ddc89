using Naf.Host.Settings;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// μ, and how it follows the planner's success: faster and faster in one direction (Tassa, Erez and Todorov 2012, section II.F; mujoco_mpc).
/// </summary>
internal sealed class Regularisation(MpcSettings settings)
{
    // mujoco_mpc: good is more than half of what was expected, or a step of 0.3; bad is less than a tenth, or a step of 0.06
    private const double GoodShare = 0.5, GoodStep = 0.3, BadShare = 0.1, BadStep = 0.06;

    private double _rate = 1;

    /// <summary>μ.</summary>
    public double Mu { get; private set; } = settings.LeastRegularisation;

    /// <summary>Begins anew.</summary>
    public void Reset() => (Mu, _rate) = (settings.LeastRegularisation, 1);

    /// <summary>Q_uu was not positive definite.</summary>
    /// <returns>False where μ is as large as it may be.</returns>
    public bool Raise()
    {
        if (Mu >= settings.MostRegularisation) return false;
        Scale(settings.RegularisationFactor);
        return true;
    }

    /// <summary>A line search ended.</summary>
    /// <param name="share">Improvement as a share of the expected one.</param>
    /// <param name="step">The best α; 0 where none improved the plan.</param>
    public void Follow(double share, double step)
    {
        double factor = settings.RegularisationFactor;
        if (!double.IsFinite(share)) Scale(factor * factor);
        else if (share > GoodShare || step > GoodStep) Scale(1 / factor);
        else if (share < BadShare || step < BadStep) Scale(factor);
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(Mu);
        writer.Write(_rate);
    }

    public void Load(BinaryReader reader) => (Mu, _rate) = (reader.ReadDouble(), reader.ReadDouble());

    private void Scale(double factor)
    {
        _rate = factor > 1 ? Math.Max(_rate * factor, factor) : Math.Min(_rate * factor, factor);
        Mu = Math.Clamp(Mu * _rate, settings.LeastRegularisation, settings.MostRegularisation);
    }
}
