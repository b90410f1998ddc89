using System.Numerics;

namespace Naf.Kernels;

/// <summary>
/// The regression in plain loops, generic over float and double: the oracle of the fast versions, written to be read. Samples are standardised.
/// </summary>
internal sealed class RegressionReference<T>(MlpShape shape, RegressionSettings settings, T[] parameters) where T : struct, IFloatingPointIeee754<T>
{
    private readonly MlpReference<T> _mlp = new(shape);
    private int _step;

    /// <summary>θ.</summary>
    public T[] Parameters { get; } = parameters;

    /// <summary>Adam's m.</summary>
    public T[] First { get; } = new T[parameters.Length];

    /// <summary>Adam's v.</summary>
    public T[] Second { get; } = new T[parameters.Length];

    /// <summary>loss = mean over samples and outputs of (g(z) − y)².</summary>
    public T Loss(T[][] z, T[][] y)
    {
        T sum = T.Zero;
        foreach (T error in Errors(z, y).SelectMany(e => e)) sum += error * error;
        return sum / T.CreateChecked(z.Length * shape.Output);
    }

    /// <summary>∂loss/∂θ.</summary>
    public T[] Gradient(T[][] z, T[][] y)
    {
        T factor = T.CreateChecked(2.0 / (z.Length * shape.Output));
        T[][] outputGradient = [.. Errors(z, y).Select(e => e.Select(error => factor * error).ToArray())];
        var gradient = new T[shape.Parameters];
        _mlp.Backward(Parameters, z, outputGradient, gradient);
        return gradient;
    }

    /// <summary>One update; returns the loss before it.</summary>
    public T Update(T[][] z, T[][] y)
    {
        T loss = Loss(z, y);
        T[] gradient = Gradient(z, y);
        (double b1, double b2) = (settings.Beta1, settings.Beta2);
        _step++;
        for (int i = 0; i < gradient.Length; i++)
        {
            // θ ← θ − α m̂ / (√v̂ + ε)
            First[i] = T.CreateChecked(b1) * First[i] + T.CreateChecked(1 - b1) * gradient[i];
            Second[i] = T.CreateChecked(b2) * Second[i] + T.CreateChecked(1 - b2) * gradient[i] * gradient[i];
            T m = First[i] / T.CreateChecked(1 - Math.Pow(b1, _step)), v = Second[i] / T.CreateChecked(1 - Math.Pow(b2, _step));
            Parameters[i] -= T.CreateChecked(settings.LearningRate) * m / (T.Sqrt(v) + T.CreateChecked(settings.Epsilon));
        }
        return loss;
    }

    private T[][] Errors(T[][] z, T[][] y) => [.. _mlp.Forward(Parameters, null, z).Select((g, m) => g.Zip(y[m], (a, b) => a - b).ToArray())];
}
