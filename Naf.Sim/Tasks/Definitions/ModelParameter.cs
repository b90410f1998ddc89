using Naf.Sim.Mujoco;

namespace Naf.Sim.Tasks.Definitions;

/// <summary>Which parameter of a model.</summary>
internal enum ModelParameterKind
{
    /// <summary>Mass of a body, kg; its moments of inertia are scaled with it.</summary>
    Mass,
    /// <summary>Sliding friction of a geom.</summary>
    Friction,
    /// <summary>Damping of all degrees of freedom of a joint, N s/m or N m s/rad.</summary>
    Damping,
}

/// <summary>A parameter of a model that a reset draws.</summary>
/// <param name="First">Its body, its geom, or the joint's first degree of freedom.</param>
/// <param name="Count">The joint's degrees of freedom; else 1.</param>
internal sealed record ModelParameter(ModelParameterKind Kind, int First, int Count = 1)
{
    /// <summary>Its value in a model.</summary>
    public double In(MujocoModel model) => Values(model)[First * Stride];

    /// <summary>Sets it; <see cref="MujocoData.UpdateModelConstants"/> must follow.</summary>
    /// <param name="model">A copy that no other simulation uses.</param>
    /// <param name="original">The model with all parameters as in the file.</param>
    public void Set(MujocoModel model, MujocoModel original, double value)
    {
        for (int i = First; i < First + Count; i++) Values(model)[i * Stride] = value;
        if (Kind != ModelParameterKind.Mass) return;
        double ratio = value / original.BodyMass[First];
        for (int i = 3 * First; i < 3 * First + 3; i++) model.BodyInertia[i] = ratio * original.BodyInertia[i];
    }

    // a geom has three coefficients of friction
    private int Stride => Kind == ModelParameterKind.Friction ? 3 : 1;

    private Span<double> Values(MujocoModel model) => Kind switch
    {
        ModelParameterKind.Mass => model.BodyMass,
        ModelParameterKind.Friction => model.GeomFriction,
        _ => model.DofDamping,
    };
}
