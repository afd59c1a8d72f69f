// Adds the public parameters and the signature. Variables: app_key, app_secret, session, sign_method.
const form = pm.request.body[pm.request.body.mode];
const variable = (name) => pm.variables.replaceIn(pm.variables.get(name) || '');
const parameters = {};
form.all().concat(pm.request.url.query.all()).forEach((parameter) => {
    if (!parameter.disabled && parameter.type !== 'file') {
        parameters[pm.variables.replaceIn(parameter.key)] = pm.variables.replaceIn(parameter.value || '');
    }
});
const set = (name, value) => {
    form.remove((parameter) => parameter.key === name);
    form.add({ key: name, value: value, type: 'text' });
};
const add = (name, value) => {
    parameters[name] = value;
    set(name, value);
};
delete parameters.sign;
if (parameters.session === '') {
    delete parameters.session;
    form.remove((parameter) => parameter.key === 'session');
}
add('app_key', variable('app_key'));
add('v', '2.0');
add('sign_method', variable('sign_method') || 'hmac-sha256');
// The time in GMT+8.
add('timestamp', new Date(Date.now() + 8 * 3600 * 1000).toISOString().slice(0, 19).replace('T', ' '));
if (!parameters.format) {
    add('format', 'json');
}

const text = Object.keys(parameters).sort().map((name) => name + parameters[name]).join('');
const secret = variable('app_secret');
const algorithms = {
    'md5': () => CryptoJS.MD5(secret + text + secret),
    'hmac': () => CryptoJS.HmacMD5(text, secret),
    'hmac-sha256': () => CryptoJS.HmacSHA256(text, secret),
};
if (!algorithms[parameters.sign_method]) {
    throw new Error('unknown sign_method ' + parameters.sign_method + ': expected md5, hmac or hmac-sha256');
}
set('sign', algorithms[parameters.sign_method]().toString().toUpperCase());
